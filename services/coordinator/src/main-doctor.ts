import { parseArgs } from 'node:util';
import { diagnosisText, exitCodeOf } from '@sumveil/client';
import { coordinatorDoctor } from './doctor/doctor.ts';

/**
 * The coordinator's doctor, for a person where api, worker or signer run: it reads their environment and changes nothing.
 * Exit codes: 0 healthy, 1 broken, 2 works but, 64 usage.
 */
const { json, restored } = readArguments();
const diagnosis = await coordinatorDoctor({ env: process.env, restored, now: Date.now });
console.log(json ? JSON.stringify(diagnosis) : diagnosisText(diagnosis));
process.exitCode = exitCodeOf(diagnosis);

function readArguments(): { json: boolean; restored: boolean } {
  try {
    const flag = { type: 'boolean', default: false } as const;
    return parseArgs({ options: { json: flag, restored: flag } }).values;
  } catch {
    console.error('usage: node services/coordinator/src/main-doctor.ts [--json] [--restored]');
    console.error('         --restored   before a restored coordinator is started: read all that is stored');
    process.exit(64);
  }
}
