package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// readyTimeout is longer than /readyz takes to look at upstreams.
const readyTimeout = 3 * time.Second

func newReady() *cobra.Command {
	var admin string
	cmd := &cobra.Command{
		Use:   "ready [--admin URL]",
		Short: "Say whether a running pollmux wants clients",
		Long: `ready asks the admin listener of a pollmux that runs for /readyz, which needs no
token, and prints the answer. It exits with 0 if that wants clients, and with 1 if it
drains, has not reached an upstream yet, or is not there. It is the health check of
containers, in which there is no other program.`,
		Example: `  pollmux ready
  pollmux ready --admin http://127.0.0.1:9091`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return ready(cmd.OutOrStdout(), admin)
		},
	}
	cmd.Flags().StringVar(&admin, "admin", "http://127.0.0.1:9090", "`URL` of the admin listener")
	return cmd
}

func ready(w io.Writer, admin string) error {
	if !strings.HasPrefix(admin, "http://") && !strings.HasPrefix(admin, "https://") {
		return &usageError{fmt.Sprintf("--admin: %q is not a URL; write http://host:port", admin)}
	}
	client := http.Client{Timeout: readyTimeout}
	resp, err := client.Get(strings.TrimSuffix(admin, "/") + "/readyz")
	if err != nil {
		return fmt.Errorf("%w: is pollmux running, and its admin.listen there?", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return err
	}
	fmt.Fprintln(w, strings.TrimSpace(string(text)))
	if resp.StatusCode != http.StatusOK {
		return errReported
	}
	return nil
}
