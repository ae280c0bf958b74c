import { mkdtempSync } from 'node:fs';
import { startWorld } from './world.ts';
let t=performance.now();
const world = await startWorld({ folder: mkdtempSync('/tmp/sv-world-'), tenants: [{slug:'a', name:'A', region:'EU'} as never] }).catch((e)=>{console.error(e); process.exit(1)});
console.log('world', performance.now()-t, world.urls);
await world.stop();
