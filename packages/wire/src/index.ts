export * from './encoding/base64url.ts';
export * from './encoding/canonical.ts';
export * from './encoding/dsse.ts';
export * from './encoding/label.ts';
export * from './encoding/signed.ts';
export * from './error.ts';
