import { randomBytes } from 'node:crypto';
import { sha256, toBase64url } from '@sumveil/wire';
import { expect, test } from 'vitest';
import { newJoinString, parseJoinString } from './join-string.ts';

const ROOT = toBase64url(randomBytes(32));

test('a join string gives back its token and root; the server keeps the hash only', () => {
  const made = newJoinString(ROOT);
  const { token, tokenHash, rootSpki } = parseJoinString(made.text);
  expect(token).toEqual(made.token);
  expect(tokenHash).toEqual(sha256(made.token));
  expect(rootSpki).toBe(ROOT);
  expect(newJoinString(ROOT).text).not.toBe(made.text);
});

const good = newJoinString(ROOT).text;
test.each([
  ['another version', good.replace('sv1', 'sv2')],
  ['a missing part', good.slice(0, good.lastIndexOf('.'))],
  ['one part more', `${good}.x`],
  ['a cut root', good.slice(0, -1)],
  ['padding', `${good}=`],
  ['white space', ` ${good}`],
  ['a line feed', `${good}\n`],
  ['a short token', `sv1.AAAA.${ROOT}`],
])('%s is refused and not repeated', (_, text) => {
  expect(() => parseJoinString(text)).toThrow(expect.objectContaining({ code: 'JOIN' }));
  expect(() => parseJoinString(text)).not.toThrow(new RegExp(text.slice(4, 20)));
});
