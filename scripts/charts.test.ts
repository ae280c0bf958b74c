import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { helmBinary } from './helm-binary.ts';
import { type ProcessName, variableFaults } from './variable-faults.ts';

/** What the charts render is looked at as Kubernetes would, and its variables as the processes do. */
interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value: string }[];
  readonly securityContext: Record<string, unknown>;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}
interface PodSpec {
  readonly serviceAccountName: string;
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: Record<string, unknown>;
  readonly initContainers: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly { readonly name: string }[];
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly template?: { readonly spec: PodSpec } };
}

function render(chart: string, values: string): Manifest[] {
  const args = ['template', 'try', `helm/${chart}`, '--values', `helm/${chart}/ci/${values}`];
  const documents = parseAllDocuments(execFileSync(helmBinary(), args, { encoding: 'utf8' }));
  return documents.map((document) => document.toJS() as Manifest | null).filter((manifest) => manifest !== null);
}

const pods = (manifests: readonly Manifest[]) => manifests.flatMap(({ spec }) => spec?.template?.spec ?? []);

const cases = ['coordinator', 'connector'].flatMap((chart) =>
  readdirSync(`helm/${chart}/ci`).map((values) => ({ chart, values })),
);

test.each(cases)('every pod of $chart with $values meets the restricted Pod Security Standard', ({ chart, values }) => {
  const specs = pods(render(chart, values));
  expect(specs.length).toBeGreaterThan(0);
  for (const spec of specs) {
    expect(spec.automountServiceAccountToken).toBe(false);
    expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    for (const container of [...spec.initContainers, ...spec.containers]) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
    }
  }
});

test('each process of the coordinator has a service account of its own, and the signer alone has its keys', () => {
  const specs = pods(render('coordinator', 'full.yaml'));
  expect(new Set(specs.map((spec) => spec.serviceAccountName)).size).toBe(4);
  const holders = specs.filter((spec) => JSON.stringify(spec.volumes).includes('sumveil-signer-keys'));
  expect(holders.map((spec) => spec.containers[0]?.name)).toEqual(['signer']);
});

test('no chart renders a Secret: they are named, never held', () => {
  const kinds = cases.flatMap(({ chart, values }) => render(chart, values).map(({ kind }) => kind));
  expect(kinds).not.toContain('Secret');
});

test.each(cases)('the processes accept the variables that $chart sets with $values', ({ chart, values }) => {
  for (const { name, env } of pods(render(chart, values)).flatMap((spec) => spec.containers)) {
    if (name === 'migrate') continue;
    const variables = Object.fromEntries((env ?? []).map((variable) => [variable.name, variable.value]));
    expect(variableFaults(name as ProcessName, variables)).toEqual([]);
  }
});

test('a misspelt variable would be noticed', () => {
  expect(variableFaults('connector', { SUMVEIL_CONNECTOR_STATE: '/state' })).toContain(
    'SUMVEIL_CONNECTOR_STATE is not a variable of this process',
  );
});
