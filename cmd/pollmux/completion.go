package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// shells are the commands that load completions, in this shell and in each new
// one.
var shells = map[string][]string{
	"bash": {
		"source <(pollmux completion bash)",
		"pollmux completion bash > /etc/bash_completion.d/pollmux",
	},
	"fish": {
		"pollmux completion fish | source",
		"pollmux completion fish > ~/.config/fish/completions/pollmux.fish",
	},
	"powershell": {
		"pollmux completion powershell | Out-String | Invoke-Expression",
		"pollmux completion powershell >> $PROFILE",
	},
	"zsh": {
		"source <(pollmux completion zsh)",
		"pollmux completion zsh > \"${fpath[1]}/_pollmux\"",
	},
}

// addCompletion adds cobra's own command to a root whose other commands and
// whose output are set, and makes it as strict as ours.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	completion, _, _ := root.Find([]string{"completion"})
	completion.Short = "Print the completions of a shell: bash, fish, powershell or zsh"
	completion.Long = `completion prints a script that lets a shell complete the commands and flags of
pollmux. The help of each shell says how to load it.`
	completion.Example = "  " + strings.Join(shells["bash"], "\n  ") + "\n  pollmux completion zsh --help"
	completion.SuggestionsMinimumDistance = root.SuggestionsMinimumDistance
	completion.Args = noArgs
	completion.RunE = func(*cobra.Command, []string) error {
		return &usageError{"completion takes one shell, bash, fish, powershell or zsh: see \"pollmux completion --help\""}
	}
	for _, shell := range completion.Commands() {
		shell.Short = "Print the completions of " + shell.Name()
		shell.Long = `Load the script in the shell that you are in, or write it where each new one
finds it, as below.` + prerequisite(shell.Name())
		shell.Example = "  " + strings.Join(shells[shell.Name()], "\n  ")
		shell.Args = noArgs
	}
}

// prerequisite says what has to be there first.
func prerequisite(shell string) string {
	switch shell {
	case "bash":
		return "\n\nThe package bash-completion has to be installed."
	case "zsh":
		return "\n\nCompletions have to be enabled, by \"autoload -U compinit; compinit\" in ~/.zshrc."
	default:
		return ""
	}
}
