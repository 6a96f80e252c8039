/** Menus and the keyboard, where Element Plus leaves it behind. */

/**
 * Gives the keyboard back to the button of the open menu. A dialog that a menu brings returns the keyboard to where it was:
 * the menu's entry, which is gone by then, so that it would be nowhere. Called before such a dialog opens.
 */
export function backToTrigger(): void {
  const menu = document.activeElement?.closest('[role=menu]')
  const trigger = menu?.getAttribute('aria-labelledby')
  if (trigger) document.getElementById(trigger)?.focus()
}

/** Takes the keyboard into the menu of a button, which was opened by script. */
export function intoMenu(trigger: HTMLElement): void {
  document.querySelector<HTMLElement>(`[role=menu][aria-labelledby="${CSS.escape(trigger.id)}"] [role=menuitem]`)?.focus()
}
