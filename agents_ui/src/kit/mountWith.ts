/** Mounts a component as the app would: Element Plus, a store, and whatever else it stands on. For tests. */
import { mount } from '@vue/test-utils'
import ElementPlus from 'element-plus'
import { createPinia } from 'pinia'
import type { Component, Plugin } from 'vue'
import { createMemoryHistory, createRouter, type Router } from 'vue-router'

const Nothing = { template: '<div />' }

export function quietRouter(): Router {
  return createRouter({ history: createMemoryHistory(), routes: [{ path: '/:rest(.*)*', component: Nothing }] })
}

export function mountWith(component: Component, props: Record<string, unknown>, plugins: Plugin[]) {
  return mount(component, {
    props,
    attachTo: document.body,
    global: { plugins: [ElementPlus, createPinia(), ...plugins] },
  })
}
