import jwt from '@fastify/jwt';
import { role } from '@sumveil/wire';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { CoordinatorError, isCoordinatorError } from '../error.ts';
import type { Issuer } from './issuer.ts';
import type { App } from './server.ts';

export interface TokenOptions {
  readonly issuer: string;
  readonly keys: Issuer;
  /** RS256 and PS256 only by configuration; HS* and none never. */
  readonly algorithms: ReadonlyArray<'ES256' | 'EdDSA' | 'RS256' | 'PS256'>;
  /** `at+jwt` keeps ID tokens out; issuers that write `JWT` need it configured. */
  readonly type: string;
}

const TOLERANCE_S = 60;

const claims = z.object({
  iss: z.string(),
  sub: z.string().min(1),
  iat: z.number().int(),
  exp: z.number().int(),
  sumveil_tenant: z.string().min(1),
  sumveil_roles: z.array(z.string()),
});

export interface TokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly tenantRef: string;
  readonly roles: ReadonlyArray<z.infer<typeof role>>;
}

/** Verifies people's tokens (governance.md section 2). The coordinator never issues one. */
export async function addTokenVerifier(
  app: App,
  options: TokenOptions,
): Promise<(request: FastifyRequest) => Promise<TokenClaims>> {
  await app.register(jwt, {
    decode: { complete: true },
    secret: { public: (_: unknown, { header }: { header: { alg: string } }) => options.keys.keyFor(header) },
    verify: {
      algorithms: [...options.algorithms],
      allowedIss: options.issuer,
      allowedAud: 'sumveil-api',
      requiredClaims: ['sub', 'iat', 'exp', 'jti'],
      maxAge: '15m',
      clockTolerance: TOLERANCE_S * 1_000,
      checkTyp: options.type,
      cache: false,
    },
  } as never);
  return async (request) => {
    try {
      const token = claims.parse(await (request as unknown as { jwtVerify(): Promise<unknown> }).jwtVerify());
      // A token from the future would pass otherwise (tried).
      if (token.iat > Date.now() / 1_000 + TOLERANCE_S) throw new Error('issued in the future');
      const roles = token.sumveil_roles.flatMap((name) => role.safeParse(name).data ?? []);
      return { iss: token.iss, sub: token.sub, tenantRef: token.sumveil_tenant, roles };
    } catch (error) {
      if (isCoordinatorError(error, 'UNAVAILABLE')) throw error;
      // One answer for everything: several verify errors surface as 500, and which check failed helps forgers only.
      throw new CoordinatorError('UNAUTHENTICATED', 'There is no valid token with this request; sign in again.');
    }
  };
}
