/** What stands on every page (the assistant, the palette ...): found by folder, loaded after the page. */
import type { Component } from 'vue'

const found = import.meta.glob<{ everywhere: Component }>('../features/*/everywhere.ts', { eager: true })
export const everywhere: Component[] = Object.values(found).map((module) => module.everywhere)
