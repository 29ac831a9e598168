// Command bench runs the same workloads on this library and on
// github.com/pion/webrtc, in turn, and prints what each costs and the ratios:
//
//	go run . [-only REGEXP] [-pairs N] [-seconds S] [-json] [-list]
//	         [-cpuprofile DIR] [-allocprofile DIR]
//
// A workload (workloads.go has the list) is written once against package peer,
// which packages parley and pion implement with the same text. Each run of it is a
// process of its own, with a second process at the far end where the workload says
// so. A pair is one run of each library, one right after the other; which goes
// first changes from pair to pair. Ratios are taken within a pair, so that they
// hold when the speed of the machine drifts; of all figures the median, the least
// and the greatest are printed. docs/performance.md explains the figures.
//
// Where node-datachannel is installed (cd ../interop/node && npm ci), it runs the
// workloads of data channels too.
//
// Goroutines: a workload's senders and set-up workers end with its window, readers
// of tracks and channels with the connection, and all with the process.
package main
