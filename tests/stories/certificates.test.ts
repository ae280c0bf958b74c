import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from 'node:tls';
import { connectorReady, fastTimings, mustSumveil, once, startConnector, type Tenant } from '@sumveil/constellation';
import {
  clientTls,
  connectorLeafOrder,
  createCsr,
  generateP256,
  issueChecked,
  loadOrCreateKeyFile,
  proveExpiredRenewal,
  readKeyFile,
  spkiDer,
  spkiPin,
  spkiSha256,
} from '@sumveil/identity';
import { readBundleZip } from '@sumveil/transparency';
import { toBase64url, writtenDigest } from '@sumveil/wire';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadSignerKeys } from '../../services/coordinator/src/signing/key-files.ts';
import { rawCaller } from './callers.ts';
import { hold, letPass } from './held-phase.ts';
import { openRows, type Rows } from './rows.ts';
import { type StoryWorld, startStory } from './story-world.ts';
import { plainSum, publishedSum, readRound } from './sums.ts';
import { toyPlan } from './toy-plan.ts';
import { toyTenants } from './toy-table.ts';

/** Rounds: 1 statistics, 2 and 3 training, 4 evaluation. */
const RENEWED_IN = 2;
const AWAY_IN = 3;
/** Renewed from a third of this on. */
const LIFE_SECONDS = 24;

interface Renewed {
  connector: string;
  serialOld: string;
  serialNew: string;
  spkiHashNew: string;
  via: string;
}

describe('certificates that end while a run goes on (governance 1, rules 9 and 10; fault F18)', () => {
  let world: StoryWorld;
  let rows: Rows;
  let runId: string;
  let held: Tenant;
  let away: Tenant;

  beforeAll(async () => {
    world = await startStory({
      tenants: (folder) => toyTenants(folder, 5),
      timings: { ...fastTimings.timings, certificateSeconds: LIFE_SECONDS, certificateFloorSeconds: 1, tlsFiles: 200 },
      connectorTimings: { ...fastTimings.connectorTimings, renewAgain: 250 },
    });
    rows = await openRows(world);
    [held, away] = [world.tenants[0]!, world.tenants[4]!];
    const planDigest = await world.submit(
      await toyPlan(
        world.tenants.map(({ ref }) => ref),
        { leaseSeconds: 5 },
      ),
    );
    await world.approve(planDigest);
    await hold(rows, 'm2', held, RENEWED_IN);
    await hold(rows, 'm3', held, AWAY_IN);
    runId = (await world.start(planDigest)).value.runId!;
  }, 180_000);

  afterAll(async () => {
    await rows?.close();
    await world?.stop();
  }, 60_000);

  const renewals = async (tenant: Tenant) =>
    ((await rows.leaves('connector.renewed')) as unknown as Renewed[]).filter(({ connector }) =>
      connector.includes(`/${tenant.ref}/`),
    );

  /** Serial that a new connection to the connector listener is shown. */
  async function shownSerial(): Promise<string> {
    const { hostname: host, port } = new URL(world.urls.connector);
    const socket = connect({ host, port: Number(port), ca: readFileSync(world.ground.rootPemFile) });
    try {
      return await new Promise((resolve, reject) => {
        socket.once('secureConnect', () => resolve(socket.getPeerX509Certificate()!.serialNumber));
        socket.once('error', reject);
      });
    } finally {
      socket.destroy();
    }
  }

  it('every connector renews in mid-round, without a restart', async () => {
    const attempt = await rows.until<{ id: string; now: Date }>(
      'masked inputs of the others',
      `SELECT a.id, now() FROM attempt a WHERE a.run_id = $1 AND a.round = $2
          AND (SELECT count(*) FROM message m WHERE m.attempt_id = a.id AND m.kind = 'm2') = 4`,
      [runId, RENEWED_IN],
    );
    // Made after the others' masked inputs were in; certificates begin five minutes before they are made.
    await rows.until(
      'new certificates of all',
      `SELECT 1 FROM certificate WHERE not_before + interval '5 minutes' > $1
       HAVING count(DISTINCT connector_name) = 5`,
      [attempt.now],
    );
    const { phase } = await rows.one<{ phase: string }>('SELECT phase FROM attempt WHERE id = $1', [attempt.id]);
    expect(phase).toBe('masked');
    expect(world.tenants.map(({ connector }) => connector!.child.exitCode)).toEqual([null, null, null, null, null]);
  }, 90_000);

  it('the coordinator’s own certificate is swapped in the same round', async () => {
    const before = await shownSerial();
    const { folders } = world;
    const argv = ['--renew-tls', '--signer', folders.signer, '--tls', folders.api];
    await once(folders, 'renew-tls', 'services/coordinator/src/main-ceremony.ts', argv);
    const { serialNumber } = new X509Certificate(readFileSync(join(folders.api, 'tls.pem')));
    expect(serialNumber).not.toBe(before);
    while ((await shownSerial()) !== serialNumber) await pause(20);
    await letPass(rows, 'm2');
  }, 30_000);

  it('and the round ends with the exact sum of all survivors', async () => {
    await rows.until('its release', `SELECT 1 FROM attempt WHERE run_id = $1 AND round = $2 AND phase = 'released'`, [
      runId,
      RENEWED_IN,
    ]);
    const row = await readRound(world, rows, runId, RENEWED_IN);
    expect(row.survivors).toHaveLength(5);
    expect(await publishedSum(world, rows, row)).toEqual(await plainSum(row, world.tenants));
  }, 60_000);

  it('a connector that was off past its certificate’s end comes back by its roster key, and joins the next round', async () => {
    await away.connector!.stop();
    const last = await rows.until<{ serial: string }>(
      'the end of its last certificate',
      `SELECT serial FROM certificate WHERE connector_name LIKE $1 AND replaced_by IS NULL AND not_after < now()`,
      [`%/${away.ref}/%`],
    );
    startConnector(world.folders, world.urls, away);
    await connectorReady(away);
    await rows.until('its return', `SELECT 1 FROM audit_leaf WHERE convert_from(leaf, 'UTF8') LIKE $1`, [
      `%"serialOld":"${last.serial}"%"connector.renewed"%`,
    ]);
    const renewed = (await renewals(away)).find(({ serialOld }) => serialOld === last.serial)!;
    expect(renewed).toMatchObject({ via: 'roster-key', connector: expect.stringContaining(`/tenant/${away.ref}/`) });
    await letPass(rows, 'm3');
    const { run, rounds } = await world.watch(runId);
    expect(run).toMatchObject({ state: 'completed', reason: null });
    expect(rounds.map(({ survivors }) => survivors)).toEqual([5, 5, 4, 5]);
    for (const round of [AWAY_IN, 4]) {
      const row = await readRound(world, rows, runId, round);
      const survivors = world.tenants.filter(({ idx }) => row.survivors.includes(idx));
      expect(await publishedSum(world, rows, row)).toEqual(await plainSum(row, survivors));
    }
  }, 120_000);

  it('the evidence holds every serial under which an update came, and verifies offline', async () => {
    const updates = (await rows.leaves('update.accepted')) as unknown as { tenantRef: string; serial: string }[];
    const serials = new Set(updates.map(({ serial }) => serial));
    expect(serials.size).toBeGreaterThan(5);
    const { run } = await world.watch(runId);
    const [bundle, trust] = [join(world.folders.auditor, 'bundle.zip'), join(world.folders.auditor, 'trust.json')];
    const argv = ['audit', 'export', run.model, String(run.version), '--reason', 'story', '--out', bundle];
    await mustSumveil(argv, world.as('auditor'));
    await mustSumveil(['connector', 'roster', 'show', '--trust', trust], { state: held.stateDir });
    await mustSumveil(['audit', 'verify', bundle, '--trust', trust], {});
    const files = new Map(readBundleZip(readFileSync(bundle)));
    const text = Buffer.from(files.get('identity/certificates.pem')!).toString();
    const shown = [...text.matchAll(/-----BEGIN[^-]+-----[^-]+-----END CERTIFICATE-----/g)].map(
      ([pem]) => new X509Certificate(pem).serialNumber,
    );
    const own = (await renewals(away)).map(({ serialNew }) => serialNew);
    const used = updates.filter(({ tenantRef }) => tenantRef === away.ref).map(({ serial }) => serial);
    expect(own).toContain(used.at(-1));
    expect(new Set(shown)).toEqual(new Set([...shown.filter((serial) => !serials.has(serial)), ...serials]));
  }, 60_000);

  it('one whose newest certificate the coordinator does not know goes back to the one before, and renews by that', async () => {
    const lost = world.tenants[3]!;
    await lost.connector!.stop();
    const { serialNumber, subjectAltName } = new X509Certificate(readFileSync(join(lost.stateDir, 'chain.pem')));
    // As after a restored backup: issued to this name, but in no row.
    const key = loadOrCreateKeyFile(join(lost.stateDir, 'tls-next.key'), 'p256');
    const name = subjectAltName!.slice('URI:'.length);
    const order = connectorLeafOrder({ spki: spkiDer(key), name, lifeSeconds: 3_600, now: new Date() });
    const { chainPem } = await issueChecked(loadSignerKeys(world.folders.signer).issuer, order);
    writeFileSync(join(lost.stateDir, 'chain-next.pem'), chainPem);
    startConnector(world.folders, world.urls, lost);
    await rows.until('its renewal', `SELECT 1 FROM audit_leaf WHERE convert_from(leaf, 'UTF8') LIKE $1`, [
      `%"serialOld":"${serialNumber}"%"connector.renewed"%`,
    ]);
    const renewed = (await renewals(lost)).find(({ serialOld }) => serialOld === serialNumber)!;
    expect(renewed).toMatchObject({ via: 'mtls', spkiHashNew: writtenDigest(spkiSha256(key)) });
    await connectorReady(lost);
  }, 60_000);

  it('a revoked connector does not come back, whatever key speaks for it', async () => {
    const out = world.tenants[3]!;
    await mustSumveil(
      ['tenant', 'revoke', out.ref, '--ticket', 'SEC-1', '--reason', 'key-compromise'],
      world.as('operator'),
    );
    await out.connector!.stop();
    const rootPem = readFileSync(join(out.stateDir, 'root.pem'), 'utf8');
    const tls = clientTls({ rootsPem: [rootPem], rootSpki: [spkiPin(new X509Certificate(rootPem))] });
    const caller = rawCaller(world.urls.enrolment, tls);
    const { serialNumber: expired } = new X509Certificate(readFileSync(join(out.stateDir, 'chain.pem')));
    const key = generateP256();
    const rosterKey = readKeyFile(join(out.stateDir, 'roster.key'), 'ed25519');
    const proof = toBase64url(proveExpiredRenewal({ serial: expired, csrSpki: spkiDer(key), rosterKey }));
    const { status, problem } = await caller.send({
      method: 'POST',
      path: '/v1/enroll',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ expired, csr: await createCsr(key), proof }),
    });
    await caller.close();
    expect([status, problem.code]).toEqual([403, 'ENROLMENT_REFUSED']);
    await rows.until(
      'the reason, in the log alone',
      `SELECT 1 FROM audit_leaf WHERE convert_from(leaf, 'UTF8') LIKE $1`,
      [`%"code":"REVOKED"%"connector.enrol_refused"%`],
    );
    expect(JSON.stringify(problem)).not.toContain('REVOKED');
  }, 60_000);
});
