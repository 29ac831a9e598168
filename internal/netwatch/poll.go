package netwatch

import (
	"net"
	"strings"
	"time"
)

// pollPeriod is the pause between two looks at the interfaces.
const pollPeriod = 3 * time.Second

// A poller finds changes by looking.
type poller struct{ last string }

func newPoller() poller { return poller{interfaces()} }

// wait returns true after a change and false after quit was closed.
func (p *poller) wait(quit <-chan struct{}) bool {
	ticker := time.NewTicker(pollPeriod)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-quit:
			return false
		}
		if now := interfaces(); now != p.last {
			p.last = now
			return true
		}
	}
}

// interfaces describes what there is; the text differs when an interface that is up,
// or an address of one, does.
func interfaces() string {
	all, err := net.Interfaces()
	if err != nil {
		return err.Error()
	}
	var text strings.Builder
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue // it has just gone
		}
		text.WriteString(i.Name)
		for _, a := range addrs {
			text.WriteString(" " + a.String())
		}
		text.WriteString("\n")
	}
	return text.String()
}
