// Package sock reads from and writes to TCP sockets as cheaply as that goes beside
// the runtime's poller.
//
//	Conn.Read ─► the poller's turn ─► nowait.Read ─► EAGAIN: wait, and again
//
// Package net does the same through package syscall, which tells the scheduler
// before and after each call that a thread may be gone for a while, and through the
// kernel's layer for files. A socket that does not block is never gone, and it is no
// file. Of a passed request, which is six such calls and little else, that is a tenth
// of the CPU time; besides, the runtime's monitor finds nobody in a system call whom
// it would have to relieve.
package sock
