package main

import "github.com/spf13/cobra"

// addHelp adds cobra's own command to a root that has all others, and makes it
// as strict as ours. There is no help on what does not exist: asking for it is
// wrong usage, which fault returns once the root has been executed.
func addHelp(root *cobra.Command) (fault func() error) {
	root.InitDefaultHelpCmd()
	help, _, _ := root.Find([]string{"help"})
	help.Use = "help [COMMAND]"
	help.Short = "Print the help of a command"
	help.Long = "help prints what \"pollmux COMMAND --help\" prints."
	help.Example = "  pollmux help serve\n  pollmux help completion bash"
	help.Args = func(_ *cobra.Command, args []string) error {
		target, rest, err := root.Find(args)
		if err != nil {
			return &usageError{err.Error() + ": see \"pollmux --help\""}
		}
		return noArgs(target, rest)
	}

	// cobra prints help before it looks at arguments, and its help functions
	// return no error.
	var unknown error
	printHelp := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		if cmd.HasSubCommands() {
			unknown = noArgs(cmd, cmd.Flags().Args())
		}
		if unknown == nil {
			printHelp(cmd, args)
		}
	})
	return func() error { return unknown }
}
