"""Hands that never leave the keyboard: where Tab leads, and whether one sees where one is."""

from __future__ import annotations

from collections.abc import Sequence

from tests.journeys.watch import Watched

_STANDS = "selector => document.activeElement.matches(selector)"
_WHERE = """() => {
  const here = document.activeElement
  if (!here || here === document.body) return 'nowhere'
  const drawn = (each) => {
    const style = getComputedStyle(each)
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none'
  }
  const itself = here.matches('iframe, input[type^=date]') // the browser marks what is inside of these
  const marked = itself || [here, here.parentElement, here.nextElementSibling, here.closest('.el-input__wrapper, .el-select__wrapper')]
    .some((each) => each && drawn(each))
  const box = here.getBoundingClientRect()
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth
  const name = `${here.tagName.toLowerCase()}.${String(here.className).trim().replaceAll(/\\s+/g, '.')}#${here.id} "${here.textContent.trim().slice(0, 30)}"`
  return marked && inside ? '' : `${marked ? '' : 'unmarked '}${inside ? '' : 'out of sight '}${name}`
}"""
_IN_DIALOG = "() => document.activeElement?.closest('[role=dialog]') !== null"
_IN_MENU = "() => document.activeElement?.getAttribute('role') === 'menuitem'"
_MOST = 120
"""As many stops as a page may have before its main act."""


async def tab_to(page: Watched, selector: str) -> None:
    """Press Tab until the keyboard is there; at every stop on the way one sees where it is."""
    for _ in range(_MOST):
        if await page.page.evaluate(_STANDS, selector):
            return
        await page.page.keyboard.press("Tab")
        where = await page.page.evaluate(_WHERE)
        assert where in ("", "nowhere"), f"on the way to {selector}: {where}"  # `nowhere`: the browser's own bar
    raise AssertionError(f"the keyboard does not reach {selector}")


async def opens(page: Watched, dialog: str, keys: Sequence[str] = ("Enter",)) -> None:
    """These keys open a dialog, and the keyboard is in it."""
    for at, key in enumerate(keys):
        if at == 1:
            await page.page.wait_for_function(_IN_MENU)
        await page.page.keyboard.press(key)
    await page.find(dialog).first.wait_for()
    await page.page.wait_for_function(_IN_DIALOG)


async def closes(page: Watched, act: str, dialog: str) -> None:
    """Escape closes it, and the keyboard is back where it came from."""
    await page.page.keyboard.press("Escape")
    await page.find(dialog).first.wait_for(state="hidden")
    await page.page.wait_for_function(_STANDS, arg=act, timeout=5_000)
