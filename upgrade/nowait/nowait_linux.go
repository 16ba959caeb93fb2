//go:build linux && (amd64 || arm64) && !race

package nowait

import (
	"syscall"
	"unsafe"
)

// Read is read(2) on a socket that does not block: it fails with EAGAIN where
// that would wait.
func Read(fd int, p []byte) (n int, err error) {
	return transfer(syscall.SYS_RECVFROM, fd, p, syscall.MSG_DONTWAIT)
}

// Write is write(2) on a socket that does not block.
func Write(fd int, p []byte) (n int, err error) {
	return transfer(syscall.SYS_SENDTO, fd, p, syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL)
}

// transfer does not tell the scheduler, as package syscall does: it never waits.
func transfer(call uintptr, fd int, p []byte, flags uintptr) (n int, err error) {
	for {
		r, _, errno := syscall.RawSyscall6(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
		switch errno {
		case 0:
			return int(r), nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, syscall.EAGAIN // made once
		default:
			return 0, errno
		}
	}
}
