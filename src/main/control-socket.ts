/** The name of the control socket in the data directory. */
export const CONTROL_SOCKET = 'control.sock'
