export { default as everywhere } from './PhoneDock.vue'
