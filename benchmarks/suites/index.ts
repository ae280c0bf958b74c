import type { Suite } from '../suite.ts';
import { latency } from './latency.ts';

/** Suites by the name they are called by. */
export const suites: Readonly<Record<string, Suite>> = { latency };
