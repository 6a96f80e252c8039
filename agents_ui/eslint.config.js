// Walls and template accessibility. oxlint looks at the script blocks; this looks at what it cannot see.
import { readdirSync } from 'node:fs'
import vue from 'eslint-plugin-vue'
import a11y from 'eslint-plugin-vuejs-accessibility'
import tseslint from 'typescript-eslint'
import vueParser from 'vue-eslint-parser'

const features = readdirSync(new URL('./src/features/', import.meta.url))
const element = { regex: '^element-plus', message: 'templates resolve Element Plus; script use lives in kit/' }
const sockets = { regex: '^socket\\.io-client', message: 'only live/ opens sockets' }

const wall = (files, patterns, ignores = []) => ({
  files,
  ignores,
  rules: { 'no-restricted-imports': ['error', { patterns }] },
})

/** A feature knows kit, api, live and words; never another feature, never the shell. Computed, so new folders are guarded at once. */
const featureWalls = features.map((name) =>
  wall([`src/features/${name}/**/*.{ts,vue}`], [
    element,
    sockets,
    { regex: `^@/features/(?!${name}/)`, message: 'features meet in the router and through the store of the noun' },
    { regex: '^@/(shell|router|main|App)', message: 'a feature does not know the shell' },
    { regex: '^(\\.\\./){2,}', message: 'reach other rooms by @/' },
  ]),
)

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'src/api/schema.d.ts', 'scripts/**'] },
  ...tseslint.configs.recommended,
  ...vue.configs['flat/recommended'],
  ...a11y.configs['flat/recommended'],
  {
    files: ['**/*.vue'],
    languageOptions: { parser: vueParser, parserOptions: { parser: tseslint.parser, sourceType: 'module' } },
  },
  {
    files: ['src/**/*.{ts,vue}'],
    rules: {
      'no-restricted-globals': ['error', { name: 'fetch', message: 'requests go through api/client' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': 'off', // the type check says it better
      'no-undef': 'off', // so does this
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/multi-word-component-names': ['error', { ignores: ['App'] }],
      'vue/no-v-html': 'error',
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-indent': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
      'vuejs-accessibility/form-control-has-label': ['error', { labelComponents: ['PlanField'] }],
      'vuejs-accessibility/no-autofocus': 'off',
    },
  },
  { files: ['src/api/**/*.ts'], rules: { 'no-restricted-globals': 'off' } },
  wall(['src/api/**/*.ts'], [element, sockets, { regex: '^@/(?!api/)', message: 'api knows nobody' }]),
  wall(['src/live/**/*.ts'], [element, { regex: '^@/(?!(api|live)/|kit/ready$)', message: 'live knows api, and when a page is ready' }]),
  wall(['src/kit/**/*.{ts,vue}'], [sockets, { regex: '^@/(?!kit/)', message: 'kit imports nothing of ours' }]),
  wall(['src/shell/**/*.{ts,vue}', 'src/*.{ts,vue}'], [
    sockets,
    { regex: '^@/features/', message: 'the shell finds features by folder' },
  ], ['src/main.ts']),
  ...featureWalls,
)
