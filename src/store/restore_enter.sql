SELECT set_config('search_path', :'poem_schema', true);
