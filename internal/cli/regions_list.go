package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"sync"

	"onrush.dev/onrush/internal/api/wire"
	"onrush.dev/onrush/internal/client"
)

// regionsListCmd is `onrush regions list`.
type regionsListCmd struct {
	remote
	output
}

// listedRegion is a region with what it holds now.
type listedRegion struct {
	wire.RegionItem
	Capacity *wire.RegionCapacity `json:"capacity,omitempty"`
}

// Run implements the command.
func (c *regionsListCmd) Run(env *Env) error {
	api, err := c.connect()
	if err != nil {
		return err
	}
	regions, err := api.Regions(env.Context)
	if err != nil {
		return err
	}
	listed := withCapacity(env.Context, api, regions)
	return c.print(env.Out, listed, func(w io.Writer) error {
		var rows [][]string
		for _, r := range listed {
			limit, used, free := r.room()
			rows = append(rows, []string{r.Name, r.Driver, limit, used, free, r.checked()})
		}
		return columns(w, "NAME DRIVER LIMIT IN-USE FREE CHECK", rows)
	})
}

// withCapacity asks all regions at once: each may take as long as its platform.
func withCapacity(ctx context.Context, api *client.Client, regions []wire.RegionItem) []listedRegion {
	listed := make([]listedRegion, len(regions))
	var asking sync.WaitGroup
	for i, r := range regions {
		listed[i].RegionItem = r
		asking.Go(func() {
			if capacity, err := api.RegionCapacity(ctx, r.Name); err == nil {
				listed[i].Capacity = &capacity
			}
		})
	}
	asking.Wait()
	return listed
}

// room is the region's capacity in words: a limit of its settings stands there
// even when its platform does not answer.
func (r listedRegion) room() (limit, used, free string) {
	limit, used, free = dash(r.Limit), "?", "?"
	if r.Capacity == nil || r.Capacity.Finding != nil {
		return limit, used, free
	}
	limit, used, free = dash(r.Capacity.Limit), strconv.Itoa(r.Capacity.InUse), "-"
	if r.Capacity.Free != nil {
		free = strconv.Itoa(*r.Capacity.Free)
	}
	return limit, used, free
}

func (r listedRegion) checked() string {
	if r.Check == nil {
		return "never"
	}
	at := r.Check.Started
	if r.Check.Ended != nil {
		at = *r.Check.Ended
	}
	return fmt.Sprintf("%s %s", r.Check.State, at.Local().Format("2006-01-02 15:04"))
}
