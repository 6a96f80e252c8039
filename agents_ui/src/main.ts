import 'element-plus/dist/index.css'
import 'element-plus/theme-chalk/dark/css-vars.css'
import '@/theme.css'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { onFaults } from '@/api/client'
import App from '@/App.vue'
import { onTrouble } from '@/shell/trouble'
import { router } from '@/router'
import { faultWords, i18n } from '@/words'

onFaults(faultWords)
const app = createApp(App)
app.config.errorHandler = onTrouble
app.use(createPinia()).use(i18n).use(router).mount('#app')
