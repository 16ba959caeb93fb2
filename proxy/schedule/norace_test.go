//go:build !race

package schedule

const racing = false
