import { LearningError } from './error.ts';
import type { Dtype, Model, Tensor } from './tensor.ts';
import { elements } from './tensor.ts';

/**
 * Reader and writer of the safetensors format (huggingface/safetensors, README "Format"), F32 and F64 only.
 * An artifact is fetched from a coordinator that may be malicious, so the reader takes nothing on trust: sizes are checked
 * before anything is allocated, and the data must be covered without gap or overlap (else two readers could see two models).
 */
const HEADER_LIMIT = 1 << 20;
const TENSOR_LIMIT = 4096;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;
const WIDTH: Record<Dtype, number> = { F32: 4, F64: 8 };

interface Entry {
  name: string;
  dtype: Dtype;
  shape: number[];
  begin: number;
  end: number;
}

/** Throws SAFETENSORS for anything but one exact, complete file. */
export function readModel(bytes: Uint8Array): Model {
  if (bytes.length < 8) throw fault('it is shorter than its 8-byte header length');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getBigUint64(0, true);
  if (headerLength > BigInt(HEADER_LIMIT)) throw fault(`its header is longer than ${HEADER_LIMIT} bytes`);
  const start = 8 + Number(headerLength);
  if (start > bytes.length) throw fault('its header is cut off');
  const { entries, metadata } = readHeader(bytes.subarray(8, start));
  requireCover(entries, bytes.length - start);
  const tensors = new Map<string, Tensor>();
  for (const entry of entries) {
    const data = new Float64Array(elements(entry.shape));
    const width = WIDTH[entry.dtype];
    for (let i = 0; i < data.length; i++) {
      const at = start + entry.begin + i * width;
      data[i] = entry.dtype === 'F32' ? view.getFloat32(at, true) : view.getFloat64(at, true);
    }
    tensors.set(entry.name, { name: entry.name, dtype: entry.dtype, shape: entry.shape, data });
  }
  return { tensors, metadata };
}

function readHeader(bytes: Uint8Array): { entries: Entry[]; metadata: Record<string, string> } {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw fault('its header is not JSON');
  }
  if (!isObject(header)) throw fault('its header is not an object');
  const names = Object.keys(header).filter((name) => name !== '__metadata__');
  if (names.length > TENSOR_LIMIT) throw fault(`it has more than ${TENSOR_LIMIT} tensors`);
  const entries = names.map((name) => readEntry(name, header[name])).sort((a, b) => a.begin - b.begin || a.end - b.end);
  return { entries, metadata: readMetadata(header.__metadata__) };
}

function readEntry(name: string, value: unknown): Entry {
  if (!NAME.test(name)) throw fault('a tensor name has characters outside A-Z a-z 0-9 _ . -');
  if (!isObject(value) || Object.keys(value).sort().join() !== 'data_offsets,dtype,shape') {
    throw fault(`tensor ${name} does not have exactly dtype, shape and data_offsets`);
  }
  const { dtype, shape, data_offsets: offsets } = value;
  if (dtype !== 'F32' && dtype !== 'F64') throw fault(`tensor ${name} is neither F32 nor F64`);
  if (!isSizes(shape) || shape.length > 8) throw fault(`tensor ${name} has no valid shape`);
  if (!isSizes(offsets) || offsets.length !== 2) throw fault(`tensor ${name} has no valid data_offsets`);
  const [begin, end] = offsets as [number, number];
  if (end - begin !== elements(shape) * WIDTH[dtype]) throw fault(`tensor ${name} has offsets unlike its shape`);
  return { name, dtype, shape, begin, end };
}

function readMetadata(value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value) || Object.values(value).some((text) => typeof text !== 'string')) {
    throw fault('its metadata is not a map of strings');
  }
  return value as Record<string, string>;
}

function requireCover(entries: readonly Entry[], length: number): void {
  let offset = 0;
  for (const entry of entries) {
    if (entry.begin !== offset) throw fault(`tensor ${entry.name} overlaps another one or leaves a gap`);
    offset = entry.end;
  }
  if (offset !== length) throw fault('its data is longer or shorter than its header says');
}

/**
 * The same model always gives the same bytes: names sorted by code unit, data in that order, header padded with spaces to
 * a multiple of 8. Throws NUMERIC for a value that is not finite: a broken model is never released.
 */
export function writeModel(model: Model): Uint8Array {
  const tensors = [...model.tensors.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const header: Record<string, unknown> = {};
  const metadata = Object.entries(model.metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  if (metadata.length > 0) header.__metadata__ = Object.fromEntries(metadata);
  let length = 0;
  for (const { name, dtype, shape, data } of tensors) {
    if (!NAME.test(name)) throw new LearningError('SHAPE', 'A tensor name has characters outside A-Z a-z 0-9 _ . -');
    if (data.length !== elements(shape)) throw new LearningError('SHAPE', `Tensor ${name} does not fill its shape.`);
    const end = length + data.length * WIDTH[dtype];
    header[name] = { dtype, shape, data_offsets: [length, end] };
    length = end;
  }
  const text = JSON.stringify(header);
  const headerBytes = new TextEncoder().encode(text);
  const padded = Math.ceil(headerBytes.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(padded), true);
  bytes.fill(0x20, 8, 8 + padded);
  bytes.set(headerBytes, 8);
  writeData(view, 8 + padded, tensors);
  return bytes;
}

function writeData(view: DataView, start: number, tensors: readonly Tensor[]): void {
  let at = start;
  for (const { name, dtype, data } of tensors) {
    for (const value of data) {
      if (!Number.isFinite(dtype === 'F32' ? Math.fround(value) : value)) {
        throw new LearningError('NUMERIC', `Tensor ${name} has a value that is not finite; the model was not written.`);
      }
      if (dtype === 'F32') view.setFloat32(at, value, true);
      else view.setFloat64(at, value, true);
      at += WIDTH[dtype];
    }
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);
}

function fault(what: string): LearningError {
  return new LearningError(
    'SAFETENSORS',
    `This is not a model file that can be used: ${what}. Fetch or export it again.`,
  );
}
