import { canonicalBytes } from '@sumveil/wire';
import { LINEAGE_FILE } from '../bundle/layout.ts';
import { lineageOf } from '../bundle/lineage.ts';
import type { Evidence } from './evidence.ts';
import { fileOf } from './evidence.ts';
import { must } from './result.ts';

/** Class 21: the answers that people read are derived again from the leaves, and must be the same bytes. */
export function checkDocuments(evidence: Evidence): string {
  const want = canonicalBytes(lineageOf(evidence.leaves, evidence.statement.predicate));
  must(want.equals(fileOf(evidence.files, LINEAGE_FILE)), `${LINEAGE_FILE} says something else than the leaves`);
  return `${LINEAGE_FILE} follows from the leaves`;
}
