/// <reference types="vitest/config" />
import { fileURLToPath, URL } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import Components from 'unplugin-vue-components/vite'
import { defineConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'

/** `npm run dev` talks to a hub that is already running; the built console is served by the hub itself. */
const hub = 'http://127.0.0.1:8800'

export default defineConfig({
  base: '/console/',
  plugins: [
    vue(),
    // Only templates resolve Element Plus; its whole stylesheet is loaded once in main.ts, because per-component styles
    // leave components that are used from script code unstyled.
    Components({ dirs: [], dts: false, resolvers: [ElementPlusResolver({ importStyle: false })] }),
    // Asks before it renews the console: nobody is reloaded in the middle of their work. Only the console's own files
    // are kept; what the hub says is always asked of the hub.
    VitePWA({
      registerType: 'prompt',
      injectRegister: false,
      manifest: {
        name: 'Mainstem', short_name: 'Mainstem', id: '/console/', start_url: '/console/', scope: '/console/', display: 'standalone',
        background_color: '#f6f7f9', theme_color: '#1d4ed8',
        icons: [
          { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: 'icon-512.png', sizes: '512x512', type: 'image/png' },
          { src: 'icon.svg', sizes: 'any', type: 'image/svg+xml' },
        ],
      },
      workbox: {
        globPatterns: ['index.html', 'icon.svg', 'assets/*.{js,css,woff2}'],
        globIgnores: ['**/FigureChart-*.js'], // fetched when somebody looks at a chart
        maximumFileSizeToCacheInBytes: 1_500_000,
        navigateFallback: '/console/index.html',
        navigateFallbackAllowlist: [/^\/console\//],
        cleanupOutdatedCaches: true,
        inlineWorkboxRuntime: true, // a handler of pushes must be there when the worker was read, not a moment later
        importScripts: ['push.js'], // in public/: notifications that come while no console is open
      },
    }),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: { __VUE_I18N_LEGACY_API__: false, __INTLIFY_PROD_DEVTOOLS__: false, __VUE_PROD_DEVTOOLS__: false },
  build: { target: 'es2022', manifest: true, assetsInlineLimit: 0 },
  server: {
    proxy: {
      '/api': hub,
      '/socket.io': { target: hub, ws: true },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.spec.ts'],
    server: { deps: { inline: ['element-plus'] } },
  },
})
