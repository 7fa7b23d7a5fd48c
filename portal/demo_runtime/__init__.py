"""The parts that `manage.py demo` puts together: web server, worker, beat and database in one terminal."""
