// Package logs makes up access logs of which it is known what each request is:
// clients that poll in every way that people came up with, people who browse, robots,
// monitors. It is the truth that "pollmux analyze" is judged by.
//
// Time is simulated. Actors come and go; each says what it asks for and when it asks
// again. What they do knows nothing of how they are told apart, and some are hard on
// purpose: people who reload a page, polls every five minutes that are four requests,
// robots that walk at an even pace, several clients behind one address, clients whose
// address changes, timers that are a third early or late.
package logs
