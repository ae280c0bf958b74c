import { sha256, verifyBody } from '@sumveil/wire';
import { describe, expect, it } from 'vitest';
import { knownSigned } from '../testing/knownRun.ts';
import { hex, utf8, vectors } from '../testing/vectors.ts';
import { parseMessage } from './fields.ts';
import {
  abortSchema,
  groupCommitSchema,
  groupRevealSchema,
  m0Schema,
  m3Schema,
  m4Schema,
  rosterApproveSchema,
} from './messages.ts';

const schemas: Record<string, Parameters<typeof parseMessage>[0]> = {
  abort: abortSchema,
  gcommit: groupCommitSchema,
  greveal: groupRevealSchema,
  'roster-approve': rosterApproveSchema,
};

interface Known {
  type: string;
  publicKey: string;
  body: string;
  bodyHash: string;
  sig: string;
}

describe('messages', () => {
  it.each(vectors('messages').messages as Known[])('reads and verifies $type', (known) => {
    const signed = knownSigned(known);
    expect(parseMessage(schemas[known.type]!, signed.body)).toMatchObject({ type: known.type });
    expect(sha256(signed.body)).toEqual(hex(known.bodyHash));
    expect(verifyBody(known.type, signed, hex(known.publicKey))).toBe(true);
    expect(verifyBody('m3', signed, hex(known.publicKey))).toBe(false);
  });

  const hash = 'A'.repeat(43);
  const format = expect.objectContaining({ code: 'FORMAT' });

  it.each([
    ['an unknown field', `{"idx":1,"planHash":"${hash}","type":"m3","u3Hash":"${hash}","v":1,"w":1}`],
    ['a missing field', `{"idx":1,"planHash":"${hash}","type":"m3","v":1}`],
    ['another type', `{"idx":1,"planHash":"${hash}","type":"m4","u3Hash":"${hash}","v":1}`],
    ['index 0', `{"idx":0,"planHash":"${hash}","type":"m3","u3Hash":"${hash}","v":1}`],
    ['a short hash', `{"idx":1,"planHash":"${hash.slice(1)}","type":"m3","u3Hash":"${hash}","v":1}`],
    ['stray bits in base64url', `{"idx":1,"planHash":"${hash.slice(1)}B","type":"m3","u3Hash":"${hash}","v":1}`],
    ['members out of order', `{"planHash":"${hash}","idx":1,"type":"m3","u3Hash":"${hash}","v":1}`],
  ])('refuses %s', (_, body) => {
    expect(() => parseMessage(m3Schema, utf8(body))).toThrow(format);
  });

  it('refuses shares that are not ascending', () => {
    const entries = [2, 1].map((idx) => `{"idx":${idx},"share":"${hash}"}`).join();
    const body = `{"a":[],"b":[${entries}],"idx":1,"planHash":"${hash}","type":"m4","u3Hash":"${hash}","v":1}`;
    expect(() => parseMessage(m4Schema, utf8(body))).toThrow(format);
  });

  it('refuses KEM keys in suite 1 and asks for them in suite 2', () => {
    const m0 = utf8(vectors('e2e-complete-suite2').tenants[0].m0.body);
    expect(() => parseMessage(m0Schema[1], m0)).toThrow(format);
    expect(parseMessage(m0Schema[2], m0).cKem).toHaveLength(1579);
    expect(() => parseMessage(m0Schema[2], utf8(vectors('e2e-complete-suite1').tenants[0].m0.body))).toThrow(format);
  });
});
