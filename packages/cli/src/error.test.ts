import { ClientError } from '@sumveil/client';
import { expect, it } from 'vitest';
import { asCliError } from './error.ts';

it('tells what is away (69) from what refuses the person (77)', () => {
  for (const code of ['ISSUER_UNREACHABLE', 'UNAVAILABLE', 'NETWORK', 'TIMED_OUT'] as const)
    expect(asCliError(new ClientError(code, 'Away.')).exit, code).toBe(69);
  for (const code of ['TOKEN', 'UNAUTHENTICATED', 'FORBIDDEN'] as const)
    expect(asCliError(new ClientError(code, 'No.')).exit, code).toBe(77);
});

it('sends nobody to an HTTP header that it does not show', () => {
  const error = new ClientError('UNAVAILABLE', 'Away.', {
    next: 'Repeat after the time in Retry-After.',
    correlationId: 'c-1',
  });
  expect(asCliError(error)).toMatchObject({
    message: 'Away. (correlation id c-1)',
    next: expect.stringContaining('platform operator'),
  });
});
