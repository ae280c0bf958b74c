import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes minutes begins first, so that no worker is left alone with it at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) =>
      ['/tests/faults/schedules.', '/tests/faults/kills.', '/tests/faults/', '/tests/stories/'].findIndex((part) =>
        moduleId.includes(part),
      );
    const rank = (file: TestSpecification) => (place(file) < 0 ? Number.MAX_SAFE_INTEGER : place(file));
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'services/*/src/**/*.test.ts',
      'connectors/*/src/**/*.test.ts',
      'examples/*/src/**/*.test.ts',
      'benchmarks/**/*.test.ts',
      'tests/**/*.test.ts',
      'scripts/*.test.ts',
    ],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
});
