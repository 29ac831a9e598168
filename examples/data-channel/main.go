// Data-channel connects two terminals by copy and paste. Start
//
//	go run ./data-channel offer
//
// in one and
//
//	go run ./data-channel answer
//
// in the other, on the same machine or not, and paste what the first prints
// into the second and what that prints into the first. Then write to each other;
// end with the end of input (Ctrl-D).
//
// The two sides are offer and answer, ten lines each. Candidates are not sent
// one by one: each side waits until it has all, and they are in its description.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/parleyrtc/webrtc"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, webrtc.SettingEngine{}); err != nil {
		fmt.Fprintln(os.Stderr, "data-channel:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer, settings webrtc.SettingEngine) error {
	settings.SetIncludeLoopbackCandidate(true) // for two terminals of a machine without a network
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	defer pc.Close()
	t := &terminal{Scanner: bufio.NewScanner(stdin), out: stdout}
	switch {
	case len(args) == 1 && args[0] == "offer":
		return offer(ctx, pc, t)
	case len(args) == 1 && args[0] == "answer":
		return answer(ctx, pc, t)
	}
	return errors.New("say offer in one terminal and answer in the other")
}

// offer is the side that begins.
func offer(ctx context.Context, pc *webrtc.PeerConnection, t *terminal) error {
	channel, err := pc.CreateDataChannel("terminal", nil)
	if err != nil {
		return err
	}
	if err := describe(ctx, pc, t, "Paste this into the other terminal"); err != nil {
		return err
	}
	if err := paste(pc, t, "Paste its answer here"); err != nil {
		return err
	}
	return talk(ctx, channel, t)
}

// answer is the side that joins.
func answer(ctx context.Context, pc *webrtc.PeerConnection, t *terminal) error {
	channels := make(chan *webrtc.DataChannel, 1)
	pc.OnDataChannel(func(channel *webrtc.DataChannel) { channels <- channel })
	if err := paste(pc, t, "Paste the offer here"); err != nil {
		return err
	}
	if err := describe(ctx, pc, t, "Paste this into the first terminal"); err != nil {
		return err
	}
	select {
	case channel := <-channels:
		return talk(ctx, channel, t)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// describe makes the description that comes next, waits for all candidates and
// prints it.
func describe(ctx context.Context, pc *webrtc.PeerConnection, t *terminal, prompt string) error {
	complete := make(chan struct{})
	pc.OnICECandidate(func(c *webrtc.ICECandidate) {
		if c == nil {
			close(complete)
		}
	})
	if err := pc.SetLocalDescription(webrtc.SessionDescription{}); err != nil {
		return err
	}
	select {
	case <-complete:
	case <-ctx.Done():
		return ctx.Err()
	}
	line, err := json.Marshal(pc.LocalDescription()) // JSON is one line, SDP is not
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(t.out, "%s:\n\n%s\n\n", prompt, line)
	return err
}

// paste reads the other side's description.
func paste(pc *webrtc.PeerConnection, t *terminal, prompt string) error {
	fmt.Fprintf(t.out, "%s:\n", prompt)
	var description webrtc.SessionDescription
	line, err := t.line()
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(line), &description); err != nil {
		return fmt.Errorf("that is no description: %w", err)
	}
	return pc.SetRemoteDescription(description)
}

// talk sends the lines of one side and prints those of the other, until either
// ends.
func talk(ctx context.Context, channel *webrtc.DataChannel, t *terminal) error {
	opened, closed := make(chan struct{}), make(chan struct{})
	channel.OnOpen(func() { close(opened) })
	channel.OnClose(func() { close(closed) })
	channel.OnMessage(func(m webrtc.DataChannelMessage) { fmt.Fprintf(t.out, "< %s\n", m.Data) })
	select {
	case <-opened:
	case <-ctx.Done():
		return ctx.Err()
	}
	fmt.Fprintln(t.out, "Connected. Write something.")
	lines := make(chan string)
	go func() { // ends with the input, or with the program
		defer close(lines)
		for line, err := t.line(); err == nil; line, err = t.line() {
			select {
			case lines <- line:
			case <-closed:
				return
			}
		}
	}()
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return channel.GracefulClose() // once all is sent
			}
			if err := channel.SendTextContext(ctx, line); err != nil {
				return err
			}
		case <-closed:
			fmt.Fprintln(t.out, "The other side has gone.")
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// terminal is where the lines come from and go to.
type terminal struct {
	*bufio.Scanner
	out io.Writer
}

// line returns the next line that is not empty.
func (t *terminal) line() (string, error) {
	for t.Scan() {
		if len(t.Bytes()) > 0 {
			return t.Text(), nil
		}
	}
	if t.Err() != nil {
		return "", t.Err()
	}
	return "", io.EOF
}
