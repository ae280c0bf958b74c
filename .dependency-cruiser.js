// Which way dependencies may point (architecture.md section 2). Paths are those of the files, because npm links workspaces.

/** Pure libraries and libraries without a domain: each stands on `wire` alone. */
const FIRST = 'secagg|privacy|transparency|approvals|learning|config|telemetry|pages';
/** Libraries that stand on those. */
const SECOND = 'kernels|identity|policy|client';
const PURE = 'secagg|privacy|transparency|approvals|learning';
/** Tests, what they stand on, and the contract tests that two implementations share. */
const TEST = ['\\.test\\.ts$', '/testing/', '-contract\\.ts$'];

/** A file by its role in a feature: `service.ts`, `open-service.ts` or a folder of that name. */
const role = (name) => `^services/coordinator/src/features/[^/]+/[^/]*${name}(\\.ts|/)`;
const FRAMEWORKS = 'node_modules/(fastify|@fastify|fastify-type-provider-zod|bullmq|ioredis|@prisma|pg)/';

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

export default {
  forbidden: [
    forbid(
      'no-cycle',
      'Two files that need each other are one file, or need a third. Types may point back.',
      {},
      {
        circular: true,
        viaOnly: { dependencyTypesNot: ['type-only'] },
      },
    ),
    forbid('resolvable', 'The import leads nowhere.', {}, { couldNotResolve: true }),

    forbid(
      'wire-stands-alone',
      'wire is the contract; it knows no other package.',
      { path: '^packages/wire/' },
      { path: '^packages/', pathNot: '^packages/wire/' },
    ),
    forbid(
      'first-layer',
      'These packages stand on wire alone.',
      { path: `^packages/(${FIRST})/`, pathNot: TEST },
      { path: '^packages/', pathNot: '^packages/($1|wire)/' },
    ),
    forbid(
      'second-layer',
      'These packages stand on wire and the first layer.',
      { path: `^packages/(${SECOND})/`, pathNot: TEST },
      { path: '^packages/', pathNot: `^packages/($1|wire|${FIRST})/` },
    ),
    forbid(
      'packages-are-imported',
      'A package knows nobody who uses it.',
      { path: '^packages/', pathNot: '^packages/cli/' },
      { path: '^(services|connectors|examples|tests|benchmarks|scripts)/' },
    ),
    forbid(
      'cli-through-front-doors',
      'The command line talks to a running connector with what its package exports, and to a coordinator over HTTP.',
      { path: '^packages/cli/', pathNot: TEST },
      {
        path: '^(services|connectors|examples|tests|benchmarks|scripts)/',
        pathNot: '^connectors/runtime/src/index\\.ts$',
      },
    ),
    forbid(
      'nobody-imports-the-cli',
      'The command line is started, not imported.',
      { path: '^(packages/(?!cli/)|services/|connectors/)' },
      { path: '^packages/cli/' },
    ),
    forbid(
      'services-without-connectors',
      'The coordinator and the connectors meet on the wire only.',
      { path: '^services/' },
      { path: '^connectors/' },
    ),
    forbid(
      'connectors-without-services',
      'The coordinator and the connectors meet on the wire only.',
      { path: '^connectors/' },
      { path: '^services/' },
    ),
    forbid(
      'trainers-without-runtime',
      'A trainer sees one task and no keys.',
      { path: '^connectors/trainers/' },
      { path: '^connectors/runtime/' },
    ),
    forbid(
      'product-without-examples-and-tests',
      'What is shipped does not need what shows or tests it.',
      { path: '^(services|connectors)/', pathNot: TEST },
      { path: '^(examples|tests|benchmarks|scripts)/' },
    ),
    forbid(
      'product-without-dev-dependencies',
      'Production trees are installed without devDependencies. The embedded database is for demos and tests, loaded on demand.',
      { path: '^(packages|services|connectors)/', pathNot: [...TEST, '/src/db/embedded'] },
      { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'], pathNot: 'node_modules/@types/' },
    ),

    forbid(
      'pure-packages',
      'Bytes in, bytes out: no files, no network, no processes (architecture.md, decision 5).',
      { path: `^packages/(${PURE})/`, pathNot: TEST },
      {
        dependencyTypes: ['core'],
        path: '^(node:)?(fs|net|http|https|http2|dgram|dns|tls|child_process|cluster|worker_threads|timers|sqlite)(/|$)',
      },
    ),
    forbid(
      'zero-keystream',
      'A keystream of zeros unmasks everything; only measurements and simulators may have it.',
      { pathNot: [...TEST, '^benchmarks/', '^tests/', 'simulator'] },
      { path: 'zero-?keystream' },
    ),

    forbid(
      'service-without-frameworks',
      'A service says what the product does; HTTP, queue and database come in through deps.',
      { path: role('service'), pathNot: TEST },
      { path: [FRAMEWORKS, '^services/coordinator/src/generated/'] },
    ),
    forbid(
      'service-without-http-and-queue',
      'Types may be named; nothing of a listener or a queue is called.',
      { path: role('service'), pathNot: TEST },
      { path: '^services/coordinator/src/(http|queue)/', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'service-below-routes',
      'routes -> service -> store.',
      { path: role('service'), pathNot: TEST },
      { path: role('(routes|jobs)') },
    ),
    forbid(
      'routes-through-service',
      'routes -> service -> store.',
      { path: role('routes'), pathNot: TEST },
      { path: role('(store|jobs)') },
    ),
    forbid(
      'jobs-through-service',
      'jobs -> service.',
      { path: role('jobs'), pathNot: TEST },
      { path: role('(store|routes)') },
    ),
    forbid(
      'store-at-the-bottom',
      'A store knows rows only.',
      { path: role('store'), pathNot: TEST },
      { path: role('(service|routes|jobs)') },
    ),
    forbid(
      'features-keep-their-rows',
      'A feature uses what another one offers: its service and its plain functions, never its routes, jobs or store.',
      { path: '^services/coordinator/src/features/([^/]+)/', pathNot: TEST },
      {
        path: '^services/coordinator/src/features/[^/]+/[^/]*(routes|jobs|store)(\\.ts|/)',
        pathNot: '^services/coordinator/src/features/$1/',
        dependencyTypesNot: ['type-only'],
      },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules|/src/generated/' },
    exclude: { path: '^tests/vectors/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    combinedDependencies: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
