package demo

import "context"

// frames is told over a WebSocket: each message is the scoreboard.
func frames(ctx context.Context, c *client, s Setting) error {
	c.lane.asked.Add(1)
	socket, err := DialSocket(ctx, c.http, c.server+c.lane.path(s))
	if err != nil {
		return err
	}
	defer socket.Close()
	defer c.held()()
	for {
		message, err := socket.Read()
		if err != nil {
			return err
		}
		if err := c.see(message); err != nil {
			return err
		}
	}
}
