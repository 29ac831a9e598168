package datachannel

import (
	"sync"
	"time"
)

// deadline is a point in time after which a blocking call returns.
type deadline struct {
	mu sync.Mutex
	at time.Time
}
