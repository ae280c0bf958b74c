import { bad, type Check, type Diagnosis, diagnose } from '@sumveil/client';
import { ConfigError } from '@sumveil/config';
import type { z } from 'zod';
import {
  type ApiConfig,
  apiSchema,
  type CommonConfig,
  readConfig,
  type SignerConfig,
  signerSchema,
  type WorkerConfig,
  workerSchema,
} from '../config.ts';
import { databaseChecks, withDatabase } from './database-checks.ts';
import { apiFileChecks, keyChecks, publicFileCheck, sharedFileChecks } from './file-checks.ts';
import { listenerChecks } from './listener-checks.ts';
import { logCheck, rosterChecks } from './log-checks.ts';
import { artifactsWhole } from './whole/artifacts.ts';
import { logWhole } from './whole/log.ts';
import { secretsWhole } from './whole/secrets.ts';
import { outboxCheck, queueCheck, signerCheck } from './work-checks.ts';

export interface DoctorOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** After a restore, before anything is started: nothing is expected to run, and everything that is stored is read. */
  readonly restored: boolean;
  /** ms since 1970 */
  readonly now: () => number;
}

interface Patient {
  readonly kind: 'api' | 'worker' | 'signer';
  readonly config: CommonConfig;
}

/** Each process has a variable that no other one has. */
const kinds = [
  { kind: 'api', schema: apiSchema, variable: 'SUMVEIL_CONNECTOR_LISTEN' },
  { kind: 'worker', schema: workerSchema, variable: 'SUMVEIL_SEAL_KEY_FILE' },
  { kind: 'signer', schema: signerSchema, variable: 'SUMVEIL_SIGNER_KEYS' },
] as const;

/**
 * What keeps this coordinator from working, as seen from where one or more of its processes run: it reads their configuration,
 * logs in as they do, and changes nothing. What all of them have in common is looked at once.
 */
export async function coordinatorDoctor(options: DoctorOptions): Promise<Diagnosis> {
  const present = kinds.filter(({ variable }) => options.env[variable] !== undefined);
  if (present.length === 0) {
    const names = kinds.map(({ variable }) => variable).join(', ');
    const next = 'Run it with the environment of api, worker or signer, where that process runs.';
    return diagnose([bad('configuration', `this environment is that of no process: none of ${names} is set`, next)]);
  }
  const checks: Check[] = [];
  for (const [i, { kind, schema }] of present.entries()) {
    const found = await checksOf(kind, schema, options, i === 0);
    checks.push(...(present.length === 1 ? found : found.map((check) => ({ ...check, id: `${kind} ${check.id}` }))));
  }
  return diagnose(checks);
}

async function checksOf(
  kind: Patient['kind'],
  schema: z.ZodObject,
  options: DoctorOptions,
  first: boolean,
): Promise<Check[]> {
  let patient: Patient;
  try {
    patient = { kind, config: readConfig(schema, options.env, []) as unknown as CommonConfig };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const what = error.faults.map(({ variable, problem }) => `${variable} ${problem}`).join('; ') || error.message;
    return [bad('configuration', what, 'Correct the variable or file; docs/configuration.md has all of them.')];
  }
  return [
    ...(await withDatabase(kind, patient.config.databaseUrl, async (db) => [
      ...(await databaseChecks(kind, db, options.now)),
      ...(first ? await sharedChecks(db, patient.config, options) : []),
      ...(kind === 'worker' && options.restored ? [await secretsWhole(db, patient.config as WorkerConfig)] : []),
      await publicFileCheck(db, patient.config),
    ])),
    ...(first ? sharedFileChecks(patient.config) : []),
    ...(await ownChecks(patient, options)),
  ];
}

type Db = Parameters<Parameters<typeof withDatabase>[2]>[0];

async function sharedChecks(db: Db, config: CommonConfig, { restored }: DoctorOptions): Promise<Check[]> {
  if (restored) return [await logWhole(db, config), await artifactsWhole(db, config), await logCheck(db, config)];
  return [await outboxCheck(db), await signerCheck(db), await logCheck(db, config), ...(await rosterChecks(db))];
}

async function ownChecks({ kind, config }: Patient, { restored, now }: DoctorOptions): Promise<Check[]> {
  if (kind === 'worker') return restored ? [] : [await queueCheck(config as WorkerConfig)];
  if (kind === 'signer') return keyChecks(config as SignerConfig, now());
  const api = config as ApiConfig;
  return [...apiFileChecks(api, now()), ...(restored ? [] : await listenerChecks(api, now()))];
}
