D=/tmp/exer.h/run
kill $(cat $D/da.pid) $(cat $D/db.pid) $(cat $D/tr.pid) 2>/dev/null; sleep 0.5; fusermount3 -uz $D/ma 2>/dev/null; fusermount3 -uz $D/mb 2>/dev/null; true
