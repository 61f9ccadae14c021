"""The pages, one file each, every one with its own `router`; `monitor.web.looks.MENU` names them in order."""
