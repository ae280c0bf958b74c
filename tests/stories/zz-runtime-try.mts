import { startStory } from './story-world.ts';
import { toyPlan } from './toy-plan.ts';
import { toyTenants } from './toy-table.ts';

const t0 = Date.now();
const lap = (s: string) => console.log(((Date.now() - t0) / 1000).toFixed(1), s);
const world = await startStory({ tenants: (folder: string) => toyTenants(folder, 5), minCohort: 5 } as any);
lap('world ' + world.folder);
try {
  const plan = await toyPlan(
    world.tenants.map((t) => t.ref),
    { minCohort: 5 },
  );
  const status = await world.complete(plan);
  lap('done');
  (await import('node:fs')).cpSync(world.folder, '/tmp/rt/world', {
    recursive: true,
    filter: (p: string) => !p.includes('control.sock') && !p.includes('postgres'),
  });
  console.log(JSON.stringify(status.run), JSON.stringify(status.rounds, null, 1).slice(0, 1500));
} catch (e) {
  console.log('FAILED', e);
  const { readFileSync } = await import('node:fs');
  console.log(
    readFileSync(world.tenants[0]!.stateDir + '/connector.log', 'utf8')
      .split('\n')
      .slice(-15)
      .join('\n'),
  );
} finally {
  await world.stop();
}
