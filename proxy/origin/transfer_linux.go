//go:build linux && (amd64 || arm64)

package origin

import (
	"syscall"
	"unsafe"
)

// readNow and writeNow are recv(2) and send(2) on a socket that is not blocking.
// Since they never wait, the scheduler need not be told, as it is around each
// system call of package syscall; and unlike read(2) and write(2), they do not pass
// through the layer for files.
func readNow(fd int, p []byte) (n int, err error) {
	return transfer(syscall.SYS_RECVFROM, fd, p, syscall.MSG_DONTWAIT)
}

func writeNow(fd int, p []byte) (n int, err error) {
	return transfer(syscall.SYS_SENDTO, fd, p, syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL)
}

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
