import { expect } from 'vitest';
import type { EvidenceWorld } from '../../../signing/testing/world.ts';

/** Reasons of the refusals of this serial, which only the log tells. */
async function reasons({ api }: EvidenceWorld, serial: string): Promise<string[]> {
  const rows = await api.db.prisma.$queryRaw<{ leaf: string }[]>`
    SELECT convert_from(leaf, 'UTF8') AS leaf FROM audit_pending
    UNION ALL SELECT convert_from(leaf, 'UTF8') FROM audit_leaf`;
  const leaves = rows.map(({ leaf }) => JSON.parse(leaf) as { type: string; serial?: string; code: string });
  return leaves
    .filter((leaf) => leaf.type === 'connector.enrol_refused' && leaf.serial === serial)
    .map(({ code }) => code);
}

/** Refused without a reason to whoever asked, and with this one in the log. */
export async function expectRefusal(
  world: EvidenceWorld,
  serial: string,
  answer: Promise<unknown>,
  reason: string,
): Promise<void> {
  await expect(answer).rejects.toMatchObject({ code: 'ENROLMENT_REFUSED', reasons: undefined });
  expect((await reasons(world, serial)).at(-1)).toBe(reason);
}
