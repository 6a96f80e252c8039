/** Light or dark: the person's choice, else the system's. Element Plus reads the class `dark` on the root. */
import { ref, watchEffect } from 'vue'

export type Theme = 'light' | 'dark'
const KEY = 'mainstem.theme'
const kept = localStorage.getItem(KEY)
const theme = ref<Theme>(
  kept === 'light' || kept === 'dark' ? kept : matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light',
)

watchEffect(() => document.documentElement.classList.toggle('dark', theme.value === 'dark'))

export function useTheme() {
  const toggle = () => {
    theme.value = theme.value === 'dark' ? 'light' : 'dark'
    localStorage.setItem(KEY, theme.value)
  }
  return { theme, toggle }
}
