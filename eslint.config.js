import tseslint from 'typescript-eslint';

// Only what needs types and Biome cannot see. A Prisma call that nobody awaits never runs; a promise where a boolean or a
// void callback belongs loses its error; a switch over a closed union must name every member.
export default [
  {
    ignores: ['**/node_modules/', '**/generated/', '.sumveil/', '**/*.js', '**/*.mjs', '**/*.cjs'],
  },
  {
    files: ['**/*.ts'],
    languageOptions: {
      parser: tseslint.parser,
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
];
