package audience

import (
	"bufio"
	"fmt"
	"os"
)

// queued is how many bytes the kernel has on their way from a server to each of its
// clients, by the client's port: those that the server has written and are not
// acknowledged, and those that the client has not read (proc_pid_net(5)).
func queued(server uint16) (map[uint16]int64, error) {
	table, err := os.Open("/proc/net/tcp")
	if err != nil {
		return nil, fmt.Errorf("read the queues: %w", err)
	}
	defer table.Close()
	queues := map[uint16]int64{}
	lines := bufio.NewScanner(table)
	for lines.Scan() {
		var slot, state int
		var from, to uint32
		var local, remote uint16
		var sent, received int64
		_, err := fmt.Sscanf(lines.Text(), "%d: %x:%x %x:%x %x %x:%x", &slot, &from, &local, &to, &remote, &state, &sent, &received)
		switch {
		case err != nil: // the head of the table
		case local == server:
			queues[remote] += sent
		case remote == server:
			queues[local] += received
		}
	}
	return queues, lines.Err()
}
