import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkPlanLearning, initialModel, parseTask } from '../packages/learning/src/index.ts';
import { readPlanFile } from '../packages/secagg/src/index.ts';
import { digestOf, manifestFaults, type PlanManifest, planManifest } from '../packages/wire/src/index.ts';

/** The annotated plan of docs/plan.md, read as a coordinator reads a submission. */
function planOfPage(): unknown {
  const [, yaml] = /^```yaml\n([\s\S]*?)^```/m.exec(readFileSync('docs/plan.md', 'utf8'))!;
  return readPlanFile(Buffer.from(yaml!));
}

test('the plan of the page is a valid plan', () => {
  const plan = planOfPage();
  expect(manifestFaults(plan)).toEqual([]);
  expect(checkPlanLearning(plan as PlanManifest)).toEqual([]);
});

test('its base model is the one that its task starts from', () => {
  const { model, task } = planManifest.parse(planOfPage());
  expect(model.digest).toBe(digestOf(initialModel(parseTask(task))));
});

test('it names every field of a plan that this release can use', () => {
  const plan = planManifest.parse(planOfPage());
  expect(Object.keys(plan).toSorted()).toEqual(Object.keys(planManifest.shape).toSorted());
  const unused = ['graph', 'groups'];
  const fields = Object.keys(planManifest.shape.aggregation.shape).filter((field) => !unused.includes(field));
  expect(Object.keys(plan.aggregation).toSorted()).toEqual(fields.toSorted());
});
