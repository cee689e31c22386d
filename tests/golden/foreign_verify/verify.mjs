// A second verifier of evidence files, for the test that ours is not the only one that can: written from SPEC.md, with SM2 and SM3
// of the npm package sm-crypto. It shares no code with the C++ and none with OpenSSL.
//
//   node verify.mjs ROOT.pem FILE…     one JSON line a file: {"file", "ok", …} with what was verified, or "refused": why
//
// Exit 0 when all were accepted, 3 when one was refused. It checks less than the C++ does (no key usage, no path length, no needless
// certificates) but everything that is signed or hashed.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const { sm2, sm3 } = createRequire(import.meta.url)('sm-crypto');

const fail = (why) => {
  throw new Error(why);
};
const check = (condition, why) => condition || fail(why);
const hex = (bytes) => Buffer.from(bytes).toString('hex');
const utf8 = (text) => Buffer.from(text, 'utf8');
const join = (...parts) => Buffer.concat(parts.map((part) => Buffer.from(part)));
const hash = (...parts) => Buffer.from(sm3([...join(...parts)]), 'hex');

// --- SM2 with SM3, the id of GM/T 0009 ---

const ID = '1234567812345678';

function signatureHolds(message, der, point) {
  try {
    return sm2.doVerifySignature([...message], hex(der), hex(point), { der: true, userId: ID });
  } catch {
    return false;
  }
}

// --- DER, as much as a certificate needs ---

// Splits the content of a SEQUENCE, SET or explicit tag into elements {tag, content, bytes}.
function elements(bytes) {
  const out = [];
  for (let at = 0; at < bytes.length;) {
    let length = bytes[at + 1] ?? fail('DER: cut');
    let head = 2;
    if (length >= 0x80) {
      head += length - 0x80;
      check(head > 2 && head <= 6 && at + head <= bytes.length, 'DER: length');
      length = bytes.readUIntBE(at + 2, head - 2);
      check(length >= 0x80 && (head === 3 || bytes[at + 2] !== 0), 'DER: long length');
    }
    check(at + head + length <= bytes.length, 'DER: cut');
    const end = at + head + length;
    out.push({ tag: bytes[at], content: bytes.subarray(at + head, end), bytes: bytes.subarray(at, end) });
    at = end;
  }
  return out;
}

const OID = {
  sm2WithSm3: '2a811ccf55018375', // 1.2.156.10197.1.501
  ecPublicKey: '2a8648ce3d0201', // 1.2.840.10045.2.1
  sm2Curve: '2a811ccf5501822d', // 1.2.156.10197.1.301
  subjectAltName: '551d11',
  basicConstraints: '551d13',
};

// Parameters may be absent or NULL (GM/T 0015).
function checkAlgorithm(algorithm) {
  const [oid, parameters, ...more] = elements(algorithm.content);
  check(oid.tag === 0x06 && hex(oid.content) === OID.sm2WithSm3, 'certificate: not SM2 with SM3');
  check(!parameters || hex(parameters.bytes) === '0500', 'certificate: parameters of the algorithm');
  check(more.length === 0, 'certificate: algorithm');
}

function instantOf({ tag, content }) {
  const text = content.toString('latin1');
  const century = tag === 0x17 ? (Number(text.slice(0, 2)) < 50 ? '20' : '19') : '';
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(century + text) ?? fail('certificate: time');
  return Date.UTC(match[1], match[2] - 1, match[3], match[4], match[5], match[6]);
}

function parseCertificate(der) {
  const outer = elements(der);
  check(outer.length === 1 && outer[0].tag === 0x30, 'certificate: not one SEQUENCE');
  const [tbs, algorithm, signature, ...rest] = elements(outer[0].content);
  check(signature?.tag === 0x03 && signature.content[0] === 0 && rest.length === 0, 'certificate: shape');
  const fields = elements(tbs.content);
  check(hex(fields[0].bytes) === 'a003020102', 'certificate: not version 3');
  const [, , inner, issuer, validity, subject, key] = fields;
  check(inner.bytes.equals(algorithm.bytes), 'certificate: inner and outer algorithm differ');
  checkAlgorithm(algorithm);

  const [keyAlgorithm, keyBits] = elements(key.content);
  const [keyKind, curve] = elements(keyAlgorithm.content);
  check(hex(keyKind.content) === OID.ecPublicKey && hex(curve.content) === OID.sm2Curve, 'certificate: no SM2 key');
  check(keyBits.content.length === 66 && keyBits.content[0] === 0 && keyBits.content[1] === 4, 'certificate: point');

  const certificate = {
    tbs: tbs.bytes,
    signature: signature.content.subarray(1),
    issuer: hex(issuer.bytes),
    subject: hex(subject.bytes),
    from: instantOf(elements(validity.content)[0]),
    until: instantOf(elements(validity.content)[1]),
    point: keyBits.content.subarray(1),
    node: null,
    authority: false,
  };
  const extensions = fields.find(({ tag }) => tag === 0xa3);
  for (const { content } of extensions ? elements(elements(extensions.content)[0].content) : []) {
    const parts = elements(content);
    const oid = hex(parts[0].content);
    const value = elements(parts.at(-1).content)[0];
    if (oid === OID.subjectAltName) {
      const names = elements(value.content).filter(({ tag }) => tag === 0x82).map((name) => name.content.toString('latin1'));
      const nodes = names.filter((name) => name.endsWith('.node.tongjian'));
      if (nodes.length === 1) certificate.node = nodes[0].slice(0, -'.node.tongjian'.length);
    }
    if (oid === OID.basicConstraints) certificate.authority = hex(elements(value.content)[0]?.bytes ?? []) === '0101ff';
  }
  return certificate;
}

const covers = (certificate, time) => certificate.from <= time && time <= certificate.until;

// True when a path leads from `certificate` over others to a root, all in force at `time`.
function chains(certificate, others, roots, time, depth = 0) {
  if (depth > 8 || !covers(certificate, time)) return false;
  const isIssuer = (issuer) =>
    issuer.authority && issuer.subject === certificate.issuer && covers(issuer, time) &&
    signatureHolds(certificate.tbs, certificate.signature, issuer.point);
  return roots.some(isIssuer) ||
    others.some((other) => isIssuer(other) && chains(other, others, roots, time, depth + 1));
}

// --- The note (SPEC.md §5) ---

function base64(text) {
  const bytes = Buffer.from(text, 'base64');
  check(text !== '' && bytes.toString('base64') === text, 'note: base64');
  return bytes;
}

const CODE = /^[1-9](\d{5}|\d{8})(-\d{3})?$/;

function parseNote(bytes) {
  const text = bytes.toString('utf8');
  check(utf8(text).equals(bytes) && bytes.length <= 8192 && text.endsWith('\n'), 'note: text');
  const lines = text.slice(0, -1).split('\n');
  const [name, size, root, time, empty, ...signatures] = lines;
  const ledger = /^tongjian\/node\/(([^/]*)\/[1-9]\d*)$/.exec(name) ?? fail('note: ledger');
  check(CODE.test(ledger[2]), 'note: node code');
  check(/^(0|[1-9]\d{0,18})$/.test(size) && BigInt(size) < 1n << 63n, 'note: size');
  check(base64(root).length === 32, 'note: root');
  check(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time), 'note: time');
  check(new Date(time).toISOString() === time, 'note: no such time');
  check(empty === '' && signatures.length >= 1 && signatures.length <= 16, 'note: lines');
  const head = { ledger: ledger[1], origin: ledger[2], size: BigInt(size), root: base64(root), time,
    text: [name, size, root, time, ''].join('\n') };
  return { head, lines: signatures.map((line) => parseLine(line, head)) };
}

function parseLine(line, head) {
  const match = /^\u2014 ([^ /]*)(?:\/(seen|held))? ([^ ]+)$/.exec(line) ?? fail('note: signature line');
  const [, signer, kind = 'origin', blob] = match;
  check(CODE.test(signer), 'note: signer');
  const bytes = base64(blob);
  check(bytes.length > 13, 'note: short signature');
  const keyId = bytes.subarray(0, 4);
  if (kind === 'origin') return { kind, signer, keyId, time: head.time, der: bytes.subarray(4), text: head.text };
  const profile = bytes[4];
  const time = new Date(Number(bytes.readBigInt64BE(5))).toISOString();
  const text = `tongjian/${kind}/v1\n${time}\n${signer}\n${profile}\n${head.text}`;
  return { kind, signer, keyId, time, der: bytes.subarray(13), text };
}

const keyIdOf = (signer, point) =>
  hash(utf8(signer), Buffer.from([0x0a, 0xff]), utf8('tongjian/sm2'), point).subarray(0, 4);

function checkLine(line, certificates, roots) {
  const holds = certificates.some((certificate) =>
    certificate.node === line.signer && !certificate.authority &&
    keyIdOf(line.signer, certificate.point).equals(line.keyId) &&
    signatureHolds(utf8(line.text), line.der, certificate.point) &&
    chains(certificate, certificates, roots, Date.parse(line.time)));
  check(holds, `line ${line.kind} of ${line.signer}: no certificate verifies it`);
}

// --- The tree (SPEC.md §3; RFC 6962 §2.1.1, by its recursive definition) ---

function rootFrom(leaf, index, size, proof) {
  if (size === 1n) return check(proof.length === 0, 'proof: too long') && leaf;
  check(proof.length > 0, 'proof: too short');
  let split = 1n;
  while (split * 2n < size) split *= 2n;
  const sibling = proof.at(-1);
  const rest = proof.slice(0, -1);
  return index < split
    ? hash([1], rootFrom(leaf, index, split, rest), sibling)
    : hash([1], sibling, rootFrom(leaf, index - split, size - split, rest));
}

// --- The evidence file (SPEC.md §8): Protobuf, one spelling ---

// {field number: [values]}; varints as BigInt, the rest as bytes. Fields must be `known`, in order.
function message(bytes, known) {
  const out = Object.fromEntries(known.map((field) => [field, []]));
  let at = 0;
  let last = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? fail('file: cut');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return check(shift === 0n || byte !== 0, 'file: long varint') && check(value < 1n << 64n, 'file: varint') && value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const field = tag >> 3;
    check(known.includes(field) && field >= last, 'file: field unknown or out of order');
    last = field;
    if ((tag & 7) === 0) {
      out[field].push(varint());
    } else {
      check((tag & 7) === 2, 'file: field type');
      const length = Number(varint());
      check(at + length <= bytes.length, 'file: cut');
      out[field].push(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return out;
}

function one(values, isType, what) {
  check(values.length === 1 && isType(values[0]), `file: ${what}`);
  return values[0];
}
const isNumber = (value) => typeof value === 'bigint' && value !== 0n; // zero is left out
const isBytes = (value) => value instanceof Uint8Array && value.length > 0;

function checkRecord(bytes, head) {
  const record = message(bytes, [1, 2, 3, 4, 5]);
  const index = record[1].length === 0 ? 0n : one(record[1], isNumber, 'index');
  const header = one(record[2], isBytes, 'header');
  check(header.length === 22 && header[0] === 1 && header[21] === 0, 'record: header');
  check(record[3].length + record[4].length === 1, 'record: body or body hash');
  const bodyHash = record[3].length === 1 ? hash([2], one(record[3], isBytes, 'body')) : one(record[4], isBytes, 'body hash');
  check(bodyHash.length === 32 && record[5].every((sibling) => sibling.length === 32), 'record: hashes');
  check(index < head.size, 'record: beyond the head');
  const leaf = hash([0], header, bodyHash);
  check(rootFrom(leaf, index, head.size, record[5]).equals(head.root), `record ${index}: not in the tree`);
  return { index: String(index), leaf: hex(leaf), body: record[3].length === 1 };
}

function verify(file, roots) {
  const evidence = message(file, [1, 2, 3, 4, 5]);
  check(one(evidence[1], isNumber, 'version') === 1n, 'file: version');
  const { head, lines } = parseNote(one(evidence[3], isBytes, 'head'));
  check(one(evidence[2], isBytes, 'ledger').toString('utf8') === head.ledger, 'file: ledger');
  check(lines.every((line, i) => (i === 0) === (line.kind === 'origin') && (i === 0) === (line.signer === head.origin)),
    'file: lines');
  check(evidence[4].length > 0, 'file: no records');
  const records = evidence[4].map((record) => checkRecord(record, head));
  const certificates = evidence[5].map(parseCertificate);
  for (const line of lines) checkLine(line, certificates, roots);
  const statements = lines.slice(1).map(({ kind, signer, time }) => ({ kind, signer, time }));
  return { ledger: head.ledger, size: String(head.size), root: hex(head.root), time: head.time, statements, records };
}

const [rootFile, ...files] = process.argv.slice(2);
const pem = readFileSync(rootFile, 'utf8').replace(/-----[^-]+-----|\s/g, '');
const roots = [parseCertificate(Buffer.from(pem, 'base64'))];
for (const file of files) {
  let verdict;
  try {
    verdict = { file, ok: true, ...verify(readFileSync(file), roots) };
  } catch (error) {
    verdict = { file, ok: false, refused: error.message };
    process.exitCode = 3;
  }
  console.log(JSON.stringify(verdict));
}
